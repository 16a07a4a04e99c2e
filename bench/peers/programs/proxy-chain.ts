// A forward proxy on proxy-chain: PORT (the backend is what the request names).
import { Agent } from 'node:http';
import { Server } from 'proxy-chain';

const [port] = process.argv.slice(2);
const httpAgent = new Agent({ keepAlive: true, maxSockets: 512 });
const server = new Server({
  port: Number(port),
  host: '127.0.0.1',
  prepareRequestFunction: () => ({ httpAgent }),
});
await server.listen();
