/**
 * Runs `close` when the user interrupts the command, and then ends it. A process in a session of its own, such as PostgreSQL,
 * would otherwise outlive it.
 */
export function closeOnInterruption(close: () => Promise<void>): void {
  let isClosing = false;
  const interrupt = (): void => {
    if (isClosing) return;
    isClosing = true;
    void close()
      .catch((error: unknown) => console.error(error))
      .finally(() => process.exit(130));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
}
