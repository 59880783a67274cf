/**
 * Runs `close` when somebody interrupts the command, and then ends it. What runs in a session of its own, as PostgreSQL
 * does, would otherwise outlive it.
 */
export function closeOnInterruption(close: () => Promise<void>): void {
  let isClosing = false;
  const interrupt = (): void => {
    if (isClosing) {
      return;
    }
    isClosing = true;
    close().then(
      () => process.exit(130),
      (error: unknown) => {
        console.error(error);
        process.exit(130);
      },
    );
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
}
