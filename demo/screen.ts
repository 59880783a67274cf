/** Shows the state of a command while it runs. */
export interface Screen {
  /** Prints a line where the output is no terminal. */
  print(line: string): void;
  /** Leaves the last picture on the terminal. */
  close(): void;
}

const CLEAR_LINE = '\u001b[2K';

export const bold = (text: string): string => `\u001b[1m${text}\u001b[0m`;
export const dim = (text: string): string => `\u001b[2m${text}\u001b[0m`;

/** On a terminal a picture replaces the last one every `frameMs`; elsewhere `describe` gives a line every `lineEveryMs`. */
export function openScreen(settings: {
  readonly output: NodeJS.WriteStream;
  readonly frameMs: number;
  readonly lineEveryMs: number;
  readonly draw: (columns: number) => readonly string[];
  readonly describe: () => string;
}): Screen {
  const { output, frameMs, lineEveryMs, draw, describe } = settings;
  const isDrawn = output.isTTY;
  let lines = 0;
  const show = (): void => {
    const picture = draw(output.columns ?? 80);
    const up = lines > 0 ? `\u001b[${lines}A` : '';
    const rest = '\n'.repeat(Math.max(0, lines - picture.length));
    output.write(`${up}${picture.map((line) => `${CLEAR_LINE}${line}\n`).join('')}${rest}`);
    lines = Math.max(lines, picture.length);
  };
  const print = (line: string): void => {
    if (!isDrawn) output.write(`${line}\n`);
  };
  const timer = setInterval(isDrawn ? show : () => print(describe()), isDrawn ? frameMs : lineEveryMs);
  return {
    print,
    close() {
      clearInterval(timer);
      if (isDrawn) show();
    },
  };
}
