/**
 * Reads the metrics of a service. The function that is returned adds up the samples of a metric: all of them, or those of one
 * set of labels when the name is given with it.
 */
export async function readMetrics(baseUrl: string): Promise<(metric: string) => number> {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  const lines = text.split('\n');
  return (metric) =>
    lines
      .filter((line) => line.startsWith(`${metric} `) || line.startsWith(`${metric}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
