// What /api/v1/tokens answers, as types. Rule: names are those of the JSON; fields are added, never renamed.

export interface TokenAnswer {
  readonly id: string | null;
  readonly user: string;
  readonly may: ('egress' | 'gateway' | 'ai' | 'agents' | 'exec' | 'tunnels' | 'admin')[];
  readonly made_at: string | null;
  readonly in_force: boolean;
}

export interface TokensAnswer {
  readonly tokens: TokenAnswer[];
}

/** The one time that it is shown. */
export interface TokenMadeAnswer extends TokenAnswer {
  readonly token: string;
}
