// Where clients of tunnels connect: a WebSocket becomes a session, or a proxy socket of a client of the generation 2.x. Rule: who a session
// is comes with its first message; a proxy socket shows its token with the request, and without one there is none.
import type { Exchange } from '../../contract/exchange.ts';
import type { AnswerTarget } from '../../contract/target.ts';
import { ERROR_CATALOGUE } from '../../core/errors.ts';
import { bearerToken } from '../../services/tunnels/bearer-token.ts';
import { LegacyProxy } from '../../services/tunnels/legacy-proxy.ts';
import type { SessionHost } from '../../services/tunnels/session-host.ts';
import { TunnelSession } from '../../services/tunnels/tunnel-session.ts';
import { webSocketAccept } from '../../services/tunnels/web-socket-peer.ts';

type Fields = readonly (readonly [name: string, value: string])[];

export function tunnelControl(host: SessionHost): AnswerTarget {
  return socket((exchange, fields) => TunnelSession.begin(exchange, fields, host));
}

export function tunnelProxySockets(host: SessionHost): AnswerTarget {
  return socket((exchange, fields) => {
    const token = bearerToken(exchange.request.fields.get('authorization'));
    // The client that it belongs to is connected here, and so is known here: nobody else has to be asked.
    let account: string | null = null;
    if (token !== null) {
      host.admit(token, host.addressOf(exchange), (admitted) => {
        account = 'meter' in admitted ? admitted.meter.account : null;
      });
    }
    if (account !== null) LegacyProxy.begin(exchange, fields, { account, host });
    else exchange.fail('unauthorized', ERROR_CATALOGUE.unauthorized.summary);
  });
}

function socket(begin: (exchange: Exchange, fields: Fields) => void): AnswerTarget {
  return {
    kind: 'answer',
    take: (exchange) => {
      const accept = webSocketAccept(exchange);
      if (accept !== null) {
        begin(exchange, [['Sec-WebSocket-Accept', accept]]);
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
