/**
 * `npm run cluster -- --nodes 3`: several nodes on this machine with a PostgreSQL and a Redis of their own, the demo's concerts, and a
 * load-balancing front before them. The terminal shows the state of the nodes; keys kill, stop and restart them. Ctrl-C ends everything.
 */
import { type Cluster, startCluster } from '../harness/cluster/cluster.ts';
import type { ClusterNode } from '../harness/cluster/cluster-node.ts';
import { type Front, openFront } from './cluster/front/front.ts';
import { watchFigures } from './cluster/node-figures.ts';
import { createOrderReader, type Order, ORDERS_HELP } from './cluster/orders.ts';
import { createView, type View } from './cluster/view.ts';
import { closeOnInterruption } from '../harness/interruption.ts';
import { count, readOptions, text } from '../harness/options.ts';
import { isFree } from '../harness/service/stable-port.ts';

const EXIT_UNAVAILABLE = 69;

const options = readOptions(`Keys while it runs: ${ORDERS_HELP}\n\nnpm run cluster --`, {
  nodes: count(3, 1, 9, 'how many nodes'),
  port: count(8_080, 0, 65_535, 'of the front, which passes requests on to nodes that are ready'),
  dataDir: text('DIR', 'keep database, secrets and logs there; by default the command removes them at its end'),
});
const { nodes: nodeCount, port, dataDir } = options;
if (port > 0 && !(await isFree(port))) fail(`Port ${port} is taken; --port takes another one.`);

console.log(`Starting PostgreSQL, Redis and ${nodeCount} nodes …`);
const starting = startCluster({
  nodes: nodeCount,
  environment: { DEMO_DATA: 'true' },
  ...(dataDir === null ? {} : { dataDir }),
});
let front: Front | null = null;
let view: View | null = null;
let quitting: Promise<void> | null = null;
closeOnInterruption(() => quit());
try {
  await run(await starting);
} catch (error) {
  await quit().catch(() => undefined);
  fail(error instanceof Error ? error.message : String(error));
}

async function run(cluster: Cluster): Promise<void> {
  front = await openFront({ nodes: cluster.nodes, port });
  const { url, targets, counts } = front;
  const figures = watchFigures(cluster, targets);
  const heading = [
    `frontrow sells seats at ${url}, on ${nodeCount} nodes`,
    `The operator's page: ${url}/ops; the admin token that it asks for is in ${cluster.secretsFile}`,
    ORDERS_HELP,
  ];
  const shown = createView(process.stdout, () => ({ heading, nodes: figures.current(), counts }));
  view = shown;
  sayExits(cluster, shown);
  const read = createOrderReader(nodeCount);
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  process.stdin.on('data', (chunk: Buffer) => {
    for (const order of read(chunk.toString())) obey(order, cluster, shown);
  });
}

function obey(order: Order, cluster: Cluster, shown: View): void {
  if (order.type === 'quit') {
    void quit().then(() => process.exit(0), fail);
  } else if (order.type === 'unknown') {
    shown.say(`"${order.text}" is not an order: ${ORDERS_HELP}`);
  } else {
    const node = cluster.nodes[order.node - 1];
    if (node === undefined) return;
    act(order.type, node, shown).catch((error: unknown) => {
      shown.say(`${node.name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
}

async function act(what: 'kill' | 'pause-or-resume' | 'restart', node: ClusterNode, shown: View): Promise<void> {
  switch (what) {
    case 'kill':
      await node.kill();
      return;
    case 'pause-or-resume':
      if (node.state === 'paused') {
        node.resume();
        shown.say(`${node.name} is resumed`);
      } else if (node.state === 'running') {
        node.pause();
        shown.say(`${node.name} is stopped`);
      }
      return;
    case 'restart':
      if (node.state === 'gone') {
        await node.start();
      } else {
        shown.say(`${node.name} is asked to end`);
        await node.restart();
      }
      shown.say(`${node.name} is back as process ${node.processId}`);
      return;
  }
}

/** Says how processes ended, until the end of this one. */
function sayExits(cluster: Cluster, shown: View): void {
  const said = new Set<unknown>();
  setInterval(() => {
    for (const node of cluster.nodes) {
      for (const exit of node.exits.filter((each) => !said.has(each))) {
        said.add(exit);
        const how = exit.signal ?? `exit code ${exit.code}`;
        shown.say(`${node.name} ended with ${how}${exit.wasAsked ? '' : `, by itself; its log is ${node.logFile}`}`);
      }
    }
  }, 100).unref();
}

/** Ends everything, once. */
function quit(): Promise<void> {
  return (quitting ??= (async () => {
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    view?.close();
    await front?.close();
    const [started] = await Promise.allSettled([starting]);
    if (started.status === 'fulfilled') await started.value.close();
  })());
}

function fail(reason: unknown): never {
  console.error(reason instanceof Error ? reason.message : reason);
  process.exit(EXIT_UNAVAILABLE);
}
