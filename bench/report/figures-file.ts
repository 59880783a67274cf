import { writeFileSync } from 'node:fs';

/** Writes the figures of a run as JSON, where a file was asked for. */
export function writeFigures(path: string | null, figures: object): void {
  if (path !== null) writeFileSync(path, `${JSON.stringify(figures, null, 2)}\n`);
}
