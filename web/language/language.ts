export type Language = 'ko' | 'en';

/** What was chosen on this machine; else the first of the wanted ones that the page speaks; English for everybody else. */
export function chooseLanguage(kept: string | null, wanted: readonly string[]): Language {
  if (kept === 'ko' || kept === 'en') return kept;
  for (const tag of wanted) {
    const [primary] = tag.toLowerCase().split('-');
    if (primary === 'ko' || primary === 'en') return primary;
  }
  return 'en';
}
