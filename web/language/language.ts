export type Language = 'ko' | 'en';

/** The language that was chosen on this machine; else the first wanted one that the page has; else English. */
export function chooseLanguage(kept: string | null, wanted: readonly string[]): Language {
  if (kept === 'ko' || kept === 'en') return kept;
  for (const tag of wanted) {
    const [primary] = tag.toLowerCase().split('-');
    if (primary === 'ko' || primary === 'en') return primary;
  }
  return 'en';
}
