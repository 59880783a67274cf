import { Counter, Gauge, type Registry } from 'prom-client';

/** The values of a figure by its labels. */
export type Labelled<Label extends string> = Iterable<
  readonly [labels: Readonly<Record<Label, string>>, value: number]
>;

export interface Figures {
  single(name: string, help: string, read: () => number): void;
  /** Labels that `read` no longer names are forgotten. */
  labelled<Label extends string>(name: string, help: string, labels: Label[], read: () => Labelled<Label>): void;
}

/**
 * Registers figures that are read from their source at each scrape: as counters if the name ends in `_total`, else as gauges.
 * Counting in the library costs microseconds, so the parts count in numbers of their own.
 */
export function createFigures(registry: Registry): Figures {
  const registers = [registry];

  function labelled<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    read: () => Labelled<Label>,
  ): void {
    const Figure = name.endsWith('_total') ? Counter : Gauge;
    const figure = new Figure({
      name,
      help,
      labelNames,
      registers,
      collect() {
        figure.reset();
        for (const [labels, value] of read()) figure.inc(labels, value);
      },
    });
  }

  return { single: (name, help, read) => labelled(name, help, [], () => [[{}, read()]]), labelled };
}
