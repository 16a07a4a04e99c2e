// Where clients of tunnels connect: a WebSocket becomes a session. Rule: who it is comes with the first message, so nothing is asked of
// the request but that it is one for a WebSocket.
import type { AnswerTarget } from '../../contract/target.ts';
import { type SessionHost, TunnelSession } from '../../services/tunnels/tunnel-session.ts';
import { webSocketAccept } from '../../services/tunnels/web-socket-peer.ts';

export function tunnelControl(host: SessionHost): AnswerTarget {
  return {
    kind: 'answer',
    take: (exchange) => {
      const accept = webSocketAccept(exchange);
      if (accept !== null) {
        TunnelSession.begin(exchange, [['Sec-WebSocket-Accept', accept]], host);
        return;
      }
      exchange.answer({
        status: 426,
        fields: [
          ['Upgrade', 'websocket'],
          ['Sec-WebSocket-Version', '13'],
          ['Content-Type', 'text/plain; charset=utf-8'],
        ],
        body: 'Clients of tunnels connect here with a WebSocket.\n',
      });
    },
  };
}
