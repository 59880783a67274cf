/** A failure that the operator can mend. The message is a sentence that names the cause and the remedy, and no secret. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
}
