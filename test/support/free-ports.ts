// Ports that a configuration has to name. Rule: they lie below those that the system gives to connections and to servers that ask for
// any port, so that none of the tests which run beside this one gets them by chance.
import { once } from 'node:events';
import net from 'node:net';

const FIRST = 15_000;
const COUNT = 15_000;

/** Different ones that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}
