// Gives the connection of a client that asks to switch protocols over to a target, or to an upstream that has agreed. Rule: nothing of HTTP follows on it; what was answered
// already stays answered.
import type { Head } from '../codec/http1/head.ts';
import type { Exchange, SwitchedConnection } from '../contract/exchange.ts';
import type { HttpExchange } from './exchange.ts';

const SWITCHING = 101;

export function switchTo(
  exchange: HttpExchange,
  [protocol, fields, peer]: Parameters<Exchange['switchTo']>,
): SwitchedConnection | null {
  const { request, response, responder } = exchange;
  if (exchange.over || exchange.committed || !request.wantsUpgrade) return null;
  const given = responder.giveOver(peer);
  if (given === null) return null;
  exchange.bounds.end();
  exchange.producer = null;
  response.make({ status: SWITCHING, fields }, -1, request.head.methodId);
  exchange.committed = true;
  responder.writeOwnSwitch(response, protocol);
  return given;
}

/** The same where an upstream has switched protocols, by this head. */
export function passSwitch(exchange: HttpExchange, head: Head, join: () => void): void {
  exchange.bounds.end();
  exchange.attempts.headCame(head.status);
  exchange.response.begin(head);
  exchange.committed = true;
  exchange.producer = null;
  exchange.responder.writeSwitch(head);
  join();
}
