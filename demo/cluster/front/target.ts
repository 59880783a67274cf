import { Agent, request } from 'node:http';

/** A node as the front sees it. */
export interface Target {
  readonly name: string;
  readonly port: number;
  /** Keeps its connections to the node. */
  readonly agent: Agent;
  /** Whether its last probe was answered with 200. */
  isReady: boolean;
  /** Why not, in its own words or the front's; empty when it is ready. */
  reasons: readonly string[];
  /** Requests that it has not answered yet. */
  underWay: number;
  /** When it was chosen last, in turns. */
  lastTurn: number;
}

export interface Targets {
  readonly all: readonly Target[];
  /** The ready node with the fewest requests under way that is not among `tried`, in turns among equals; null when there is none. */
  choose(tried: ReadonlySet<Target>): Target | null;
  /** It refused a connection: the next probe tells more. */
  distrust(target: Target): void;
  close(): void;
}

/** How soon a node that drains, or came back, is known as such. A node that drains says so for longer than this before it closes. */
const PROBE_EVERY_MS = 200;
/** A node that has not answered a probe by then is stopped or unreachable; a busy machine may take a while. */
const PROBE_LIMIT_MS = 1_000;

/** Nodes on this machine, probed at their /readyz until closed. */
export function watchTargets(nodes: readonly { readonly name: string; readonly port: number }[]): Targets {
  const all = nodes.map(
    ({ name, port }): Target => ({
      name,
      port,
      agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }),
      isReady: false,
      reasons: ['not asked yet'],
      underWay: 0,
      lastTurn: 0,
    }),
  );
  const probes = new Agent({ keepAlive: true });
  let turn = 0;
  const timers = all.map((target) => {
    let isAsking = false;
    const probe = async (): Promise<void> => {
      if (isAsking) return;
      isAsking = true;
      target.reasons = await askReadiness(target.port, probes);
      target.isReady = target.reasons.length === 0;
      isAsking = false;
    };
    void probe();
    return setInterval(() => void probe(), PROBE_EVERY_MS);
  });
  return {
    all,
    choose(tried) {
      let best: Target | null = null;
      for (const target of all) {
        if (!target.isReady || tried.has(target)) continue;
        const isBetter =
          best === null ||
          target.underWay < best.underWay ||
          (target.underWay === best.underWay && target.lastTurn < best.lastTurn);
        if (isBetter) best = target;
      }
      if (best !== null) best.lastTurn = turn += 1;
      return best;
    },
    distrust(target) {
      target.isReady = false;
      target.reasons = ['refuses connections'];
    },
    close() {
      for (const timer of timers) clearInterval(timer);
      for (const agent of [probes, ...all.map((target) => target.agent)]) agent.destroy();
    },
  };
}

/** Why the node is not ready; empty when it is. Never rejects. */
function askReadiness(port: number, agent: Agent): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const asking = request({ host: '127.0.0.1', port, path: '/readyz', agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => resolve(['no answer']));
      answer.on('end', () => {
        clearTimeout(limit);
        resolve(answer.statusCode === 200 ? [] : readReasons(Buffer.concat(chunks).toString()));
      });
    });
    const limit = setTimeout(() => asking.destroy(), PROBE_LIMIT_MS);
    asking.on('error', () => {
      clearTimeout(limit);
      resolve(['no answer']);
    });
    asking.end();
  });
}

function readReasons(body: string): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'reasons' in parsed && Array.isArray(parsed.reasons)) {
      return parsed.reasons.map(String);
    }
  } catch {
    // Not the service's own words.
  }
  return ['not ready'];
}
