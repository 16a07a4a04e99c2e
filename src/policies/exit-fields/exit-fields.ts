// Tells the client of a forward proxy which exit served it and what was tried on the way. Rule: in answers of ours only, those
// to CONNECT and errors; what a server has answered is passed on as it is.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';

export function exitFields(): Policy {
  return {
    name: 'exit-fields',
    response({ response: { fields, isOurs }, exit, session, trail }: Exchange): void {
      if (!isOurs) return;
      if (exit !== '') fields.set('X-Sluice-Exit', exit);
      if (session !== '') fields.set('X-Sluice-Session', session);
      if (trail !== '') fields.append('Proxy-Status', trail);
    },
  };
}
