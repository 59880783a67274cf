/** A text of the service's source that is replaced as it is loaded, so that a run must find the missing check. */
interface Replacement {
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

export const MUTATION_NAMES = ['epoch-fence', 'lease'] as const;

export type MutationName = (typeof MUTATION_NAMES)[number];

/** The checks that a node lacks, by name of the mutation. */
export const MUTATIONS: Readonly<Record<MutationName, readonly Replacement[]>> = {
  'epoch-fence': [
    {
      file: 'src/persistence/journal/append-statement.ts',
      text: 'WHERE h.schedule_id = b.schedule_id AND h.epoch = b.epoch AND h.seq = b.first_seq - 1',
      by: 'WHERE h.schedule_id = b.schedule_id AND h.seq = b.first_seq - 1',
    },
    {
      file: 'src/persistence/journal/settlement-statement.ts',
      text: 'WHERE h.schedule_id = target.schedule_id AND h.epoch = target.epoch AND h.seq = target.base_seq',
      by: 'WHERE h.schedule_id = target.schedule_id AND h.seq = target.base_seq',
    },
  ],
  lease: [
    {
      file: 'src/cluster/membership.ts',
      text: 'isLeaseValid: () => separation.isTogether && clock.monotonicMs() < leaseUntil,',
      by: 'isLeaseValid: () => true,',
    },
  ],
};

export function isMutationName(name: string): name is MutationName {
  return MUTATION_NAMES.some((known) => known === name);
}

/** The source after the replacement. Throws when the text is not there exactly once. */
export function mutate(source: string, { file, text, by }: Replacement): string {
  const parts = source.split(text);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, instead of once: ${text}`);
  return parts.join(by);
}
