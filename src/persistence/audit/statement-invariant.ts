/** An invariant that one statement can judge: it selects the rows that break the invariant. */
export interface StatementInvariant {
  readonly invariant: string;
  readonly says: string;
  readonly violations: string;
  /** Whether it can only be judged if the policy was the same ever since the tokens were issued. */
  readonly needsUnchangedPolicy?: true;
}
