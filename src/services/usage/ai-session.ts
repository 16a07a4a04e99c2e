// The conversation that a request to a provider of AI belongs to, as its program names it. Rule: it is a name and nothing more; who writes a
// long one gets the beginning of it.
import type { Fields } from '../../contract/exchange.ts';

/** Claude Code, and Codex. */
const SESSION_FIELDS = ['x-claude-code-session-id', 'session-id', 'session_id'];
const MAX_SESSION_CHARACTERS = 100;

/** Empty: nobody says. */
export function aiSession(fields: Pick<Fields, 'get'>): string {
  for (const name of SESSION_FIELDS) {
    const session = fields.get(name);
    if (session !== undefined) return session.slice(0, MAX_SESSION_CHARACTERS);
  }
  return '';
}
