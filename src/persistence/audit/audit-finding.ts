/** Enough rows to see what is wrong; the total says how much. */
export const ROWS_SHOWN = 10;

/** The result of the audit for one invariant. */
export interface AuditFinding {
  /** Its name, which stays the same between versions. */
  readonly invariant: string;
  /** The invariant in a sentence. */
  readonly says: string;
  /** How many rows break it. */
  readonly total: number;
  /** The first of them. */
  readonly rows: readonly object[];
  /** Why it was not judged, or null when it was. */
  readonly skipped: string | null;
}

/** An invariant that one statement can judge: it selects the rows that break the invariant. */
export interface StatementInvariant {
  readonly invariant: string;
  readonly says: string;
  readonly violations: string;
  /** Whether it can only be judged if the policy was the same ever since the tokens were issued. */
  readonly needsUnchangedPolicy?: true;
}

/** Gathers violations of the invariants that `sentences` names, whichever code finds them. */
export function collectFindings<Name extends string>(
  sentences: Readonly<Record<Name, string>>,
): {
  report(invariant: Name, row: object): void;
  /** One finding per invariant, in the order of `sentences`; `skipped` says why some were not judged. */
  findings(skipped: Partial<Record<Name, string>>): AuditFinding[];
} {
  const found = new Map<string, { total: number; rows: object[] }>();
  return {
    report(invariant, row) {
      const { total, rows } = found.get(invariant) ?? { total: 0, rows: [] };
      found.set(invariant, { total: total + 1, rows: total < ROWS_SHOWN ? [...rows, row] : rows });
    },
    findings(skipped) {
      const reasons = new Map(Object.entries<string | undefined>(skipped));
      return Object.entries<string>(sentences).map(([invariant, says]) => ({
        invariant,
        says,
        total: 0,
        rows: [],
        ...found.get(invariant),
        skipped: reasons.get(invariant) ?? null,
      }));
    },
  };
}
