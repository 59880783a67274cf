// Runs before the first paint, so that a reader who chose the other theme sees no flash of this one.
{
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem('frontrow.theme');
  } catch {
    // Without storage the page follows the system's theme.
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
}
