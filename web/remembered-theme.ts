// Runs before anything is painted, so that whoever chose the other theme sees no flash of this one.
{
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem('frontrow.theme');
  } catch {
    // A browser that keeps nothing follows the system's theme.
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
}
