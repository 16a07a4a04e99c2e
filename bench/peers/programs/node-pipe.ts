// A bare pipe on node:http: PORT BACKEND_PORT.
import { Agent, createServer, request as send } from 'node:http';

const [port, backendPort] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 4096 });
const server = createServer((request, response) => {
  const { method, url: path, headers } = request;
  const upstream = send({ host: '127.0.0.1', port: backendPort, method, path, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
});
server.keepAliveTimeout = 600_000;
server.listen(port, '127.0.0.1', 4096);
