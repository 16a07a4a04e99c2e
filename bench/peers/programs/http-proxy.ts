// A reverse proxy on http-proxy: PORT BACKEND_PORT [CERT KEY].
import { readFileSync } from 'node:fs';
import { Agent, createServer as createPlain, type RequestListener } from 'node:http';
import { createServer as createSecure } from 'node:https';
import httpProxy from 'http-proxy';

const [port, backendPort, cert, key] = process.argv.slice(2);
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${backendPort}`,
  agent: new Agent({ keepAlive: true, maxSockets: 512 }),
  ws: true,
});
proxy.on('error', (_error, _request, response) => response.destroy());

const onRequest: RequestListener = (request, response) => proxy.web(request, response);
const server =
  cert === undefined || key === undefined
    ? createPlain(onRequest)
    : createSecure({ cert: readFileSync(cert), key: readFileSync(key) }, onRequest);
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
server.keepAliveTimeout = 600_000;
server.listen(Number(port), '127.0.0.1');
