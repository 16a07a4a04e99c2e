// Answers whoever asks the forward proxy for itself, as a browser does when its address is typed in. Rule: the page helps a
// person and tells nothing about the configuration.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';

const TEXT = `This is a forward proxy, not a web server.

Use it as the proxy of a program:

  curl -x http://THIS-ADDRESS https://example.com/
  export HTTP_PROXY=http://THIS-ADDRESS HTTPS_PROXY=http://THIS-ADDRESS

It speaks HTTP, CONNECT, SOCKS4, SOCKS4a and SOCKS5 on this port.
`;

export function frontPage(): Policy {
  return {
    name: 'front-page',
    request(exchange: Exchange): void {
      const { method, target, fields } = exchange.request;
      if (method === 'CONNECT' || !target.startsWith('/')) return;
      const address = fields.get('host') ?? '';
      const isAddress = /^[A-Za-z0-9.\-[\]:]{1,100}$/.test(address);
      exchange.answer({
        status: 400,
        fields: [['Content-Type', 'text/plain; charset=utf-8']],
        body: isAddress ? TEXT.replaceAll('THIS-ADDRESS', address) : TEXT,
      });
    },
  };
}
