import type { Answered, Asked, Calls } from './worker-process.ts';

/** Answers the calls of the parent process until the parent exits or disconnects. */
export function serveCalls(calls: Calls): void {
  process.on('message', (message) => {
    const { id, name, argument } = message as Asked;
    const tell = (answer: Answered): void => void process.send?.(answer);
    const call = calls[name];
    if (call === undefined) {
      tell({ id, reason: `There is no call ${name}.` });
      return;
    }
    call(argument as never).then(
      (value) => tell({ id, value }),
      (error: unknown) => tell({ id, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}
