// Puts the models that Anthropic lists into OpenAI's words. Rule: an error is translated too, so that the client knows it.
import type { Exchange } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import { translateModels } from './model-list.ts';
import { translateError } from './provider-error.ts';
import { WholeBody } from './whole-body.ts';

export function modelTranslation(): Policy {
  return {
    name: 'ai-translation',
    responseBody({ response }: Exchange, sink: BodySink): BodyTransform | null {
      const { status, fields, isOurs } = response;
      if (isOurs || (status >= 300 && status < 400)) return null;
      return new WholeBody(sink, fields, (text) =>
        status < 300 ? translateModels(text) : translateError(text, status),
      );
    },
    foresee: () => 'lists models as OpenAI does',
  };
}
