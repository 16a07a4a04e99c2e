// A reverse proxy on fast-proxy, in its quickest mode (undici): PORT BACKEND_PORT.
import { createServer } from 'node:http';
import fastProxy from 'fast-proxy';

const [port, backendPort] = process.argv.slice(2);
const { proxy } = fastProxy({
  base: `http://127.0.0.1:${backendPort}`,
  undici: { connections: 512, pipelining: 1 },
});
const server = createServer((request, response) => proxy(request, response, request.url ?? '/', {}));
server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1');
