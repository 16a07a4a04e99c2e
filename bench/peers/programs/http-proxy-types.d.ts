// The little of http-proxy that the bench uses; the package brings no types of its own.
declare module 'http-proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
  import type { Duplex } from 'node:stream';

  interface ProxyServer {
    web(request: IncomingMessage, response: ServerResponse): void;
    ws(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
    on(
      event: 'error',
      listener: (error: Error, request: IncomingMessage, response: ServerResponse | Duplex) => void,
    ): void;
  }
  const httpProxy: { createProxyServer(options: { target: string; agent: Agent; ws: boolean }): ProxyServer };
  export default httpProxy;
}
