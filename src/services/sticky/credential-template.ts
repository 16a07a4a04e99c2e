// User name and password at a provider, made anew for each session: many providers read the country, the session and its
// time to live from them. Rule: a value that comes with a request holds letters, digits, dots and underscores only, so that
// nobody can write another parameter into it.
import { SluiceError } from '../../core/errors.ts';
import { formSessionId, formTtl, type IdForm, type TtlForm } from './session-form.ts';
import { fillTemplate, parseTemplate, templateNames, type TemplateNode } from './template-text.ts';

export interface CredentialTemplateOptions {
  /** `{user}` and `{password}` are the configured ones. */
  readonly username: string;
  readonly password: string;
  readonly session: IdForm;
  readonly ttl: TtlForm;
  readonly country: 'lower' | 'upper';
  /** What `{user}` begins with, written or not. */
  readonly userPrefix?: string;
}

export interface PlainCredentials {
  readonly username: string | null;
  readonly password: string | null;
}

export interface TemplateValues {
  /** The client's own id. */
  readonly session: string | null;
  readonly ttlMs: number | null;
  /** `country` and any other that the template names. */
  readonly tags: Readonly<Record<string, string>>;
}

const PLAIN_VALUE = /^[A-Za-z0-9._]+$/;

export class CredentialTemplate {
  readonly #options: CredentialTemplateOptions;
  readonly #username: readonly TemplateNode[];
  readonly #password: readonly TemplateNode[];

  constructor(options: CredentialTemplateOptions) {
    this.#options = options;
    this.#username = parseTemplate(options.username);
    this.#password = parseTemplate(options.password);
  }

  /** Whether another session means other credentials, and so another connection. */
  get dependsOnSession(): boolean {
    return this.mentions('session');
  }

  /** Whether what is sent depends on the label of that name. */
  mentions(label: string): boolean {
    return [...templateNames(this.#username), ...templateNames(this.#password)].includes(label);
  }

  /** The credentials for a session, or for none. */
  write(own: PlainCredentials, values: TemplateValues): PlainCredentials {
    const valueOf = (name: string): string | null => this.#value(name, own, values);
    return {
      username: fillTemplate(this.#username, valueOf, refuse) || null,
      password: fillTemplate(this.#password, valueOf, refuse) || null,
    };
  }

  #value(name: string, own: PlainCredentials, { session, ttlMs, tags }: TemplateValues): string | null {
    switch (name) {
      case 'user':
        return this.#user(own.username ?? '');
      case 'password':
        return own.password ?? '';
      case 'session':
        return session === null ? null : formSessionId(session, this.#options.session);
      case 'ttl':
        return ttlMs === null ? null : formTtl(ttlMs, this.#options.ttl);
      default:
        return this.#tag(name, tags[name] ?? null);
    }
  }

  #user(username: string): string {
    const { userPrefix = '' } = this.#options;
    return username.startsWith(userPrefix) ? username : userPrefix + username;
  }

  #tag(name: string, value: string | null): string | null {
    if (value === null) return null;
    if (!PLAIN_VALUE.test(value)) {
      const message = `The value of "${name}" may hold letters, digits, dots and underscores only.`;
      throw new SluiceError('invalid_input', { message });
    }
    if (name !== 'country') return value;
    return this.#options.country === 'upper' ? value.toUpperCase() : value.toLowerCase();
  }
}

function refuse(name: string): never {
  throw new SluiceError('config_invalid', { message: `The credentials of the proxy need a value for "${name}".` });
}
