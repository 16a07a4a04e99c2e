// Several accounts of a provider of AI behind a gateway, and what the stand-in for the provider says to each of them. Rule: which account
// a request came with is read from what the provider got.
import { type AiProvider, type Heard, heardValues, type Plan } from './ai-provider.ts';

/** The key or token that a request came with. */
function credentialOf(heard: Heard): string {
  const [key] = heardValues(heard, 'x-api-key');
  return key ?? (heardValues(heard, 'authorization')[0] ?? '').replace(/^Bearer /, '');
}

export function credentialsHeard(provider: AiProvider): string[] {
  return provider.heard.map(credentialOf);
}

/** What is answered to each credential, as long as it stands here, in place of the usual. */
export type Answers = Record<string, Plan>;

export function answerBy(provider: AiProvider, answers: Answers): void {
  provider.planOf = (heard) => answers[credentialOf(heard)];
}

/** As Anthropic says no to one that has asked too often. */
export function limitedPlan(fields: Readonly<Record<string, string>> = {}): Plan {
  const body = '{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}';
  return { status: 429, fields, body };
}
