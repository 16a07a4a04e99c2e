// A line with a long way: what comes in goes out so many milliseconds later, both ways, in order and at any rate.
// node delay-relay.ts PORT TARGET_PORT DELAY_MS
import net from 'node:net';

const [port = 0, targetPort = 0, delayMs = 0] = process.argv.slice(2).map(Number);
/** Above any window that is looked at: the line itself holds nobody back. */
const HIGH_WATER = 64 * 1024 * 1024;
const options = { allowHalfOpen: true, noDelay: true, highWaterMark: HIGH_WATER } as const;

/** One timer for all that came within a millisecond. */
function delayed(from: net.Socket, to: net.Socket): void {
  let waiting: { readonly atMs: number; readonly bytes: Buffer | null }[] = [];
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    timer = null;
    const now = performance.now();
    const due = waiting.filter(({ atMs }) => atMs <= now + 0.5);
    waiting = waiting.slice(due.length);
    to.cork();
    for (const { bytes } of due) {
      if (bytes === null) to.end();
      else to.write(bytes);
    }
    to.uncork();
    arm();
  };
  const arm = (): void => {
    const [first] = waiting;
    if (timer === null && first !== undefined) timer = setTimeout(flush, Math.max(0, first.atMs - performance.now()));
  };
  const add = (bytes: Buffer | null): void => {
    waiting.push({ atMs: performance.now() + delayMs, bytes });
    arm();
  };
  from.on('data', add);
  from.on('end', () => add(null));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), delayMs));
}

net
  .createServer(options, (inside) => {
    const outside = net.connect({ ...options, host: '127.0.0.1', port: targetPort });
    delayed(inside, outside);
    delayed(outside, inside);
  })
  .listen(port, '127.0.0.1');
