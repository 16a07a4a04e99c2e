// Carries an exchange to the thread where its service lives: who it is for has been found out here, and is believed there. Rule: what
// is said is said with a secret that only the threads of this program know, and what a client says of the kind goes nowhere.
import type { Policy } from '../../contract/policy.ts';
import { isSameSecret } from '../../services/identity/same-secret.ts';

const SECRET = 'x-sluice-inner';
const USER = 'x-sluice-inner-user';
const TURN = 'x-sluice-inner-turn';

/** Where it is sent from. */
export function giveInnerPass(secret: string): Policy {
  return {
    name: 'inner-pass',
    upstream({ request: { fields }, user, client }) {
      fields.set(SECRET, secret);
      fields.set(USER, encodeURIComponent(user));
      fields.set(TURN, encodeURIComponent(user || client.address));
    },
  };
}

/** Where it arrives. */
export function takeInnerPass(secret: string): Policy {
  return {
    name: 'inner-pass',
    request(exchange) {
      const { fields } = exchange.request;
      if (!isSameSecret(fields.get(SECRET) ?? '', secret)) {
        exchange.fail('forbidden');
        return;
      }
      exchange.user = decodeURIComponent(fields.get(USER) ?? '');
      exchange.session = decodeURIComponent(fields.get(TURN) ?? '');
      for (const name of [SECRET, USER, TURN]) fields.remove(name);
    },
  };
}
