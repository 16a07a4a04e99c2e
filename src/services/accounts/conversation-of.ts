// Which conversation a request to a provider of AI belongs to. Rule: it is its client's: those of two users never meet, whatever they
// are called.
import type { Exchange } from '../../contract/exchange.ts';
import { aiSession } from '../usage/ai-session.ts';

/** What requests of one conversation have in common: without a name for it their user, and nothing where nobody knows that. */
export function conversationOf({ session, user, request }: Exchange): string {
  const name = session === '' ? aiSession(request.fields) : session;
  return name === '' && user === '' ? '' : `${user}\n${name}`;
}
