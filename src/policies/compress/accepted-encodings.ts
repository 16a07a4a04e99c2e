// Which encoding a client gets, by what it accepts (RFC 9110, 12.5.3). Rule: in doubt none; who does not say that it can read
// an encoding is not sent it.

export type Encoding = 'zstd' | 'br' | 'gzip';

/** Clients say one of a few dozen things; who makes up more is read anew each time. */
const MAX_KNOWN = 256;

const WEIGHT = /^\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$/i;

export class AcceptedEncodings {
  readonly #order: readonly Encoding[];
  readonly #known = new Map<string, Encoding | null>();

  /** The first of those that a client likes equally well is taken. */
  constructor(order: readonly Encoding[]) {
    this.#order = order;
  }

  /** `values` are those of Accept-Encoding. Null: as it is. */
  choose(values: readonly string[]): Encoding | null {
    const text = values.join(',');
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const chosen = this.#judge(weightsOf(text));
    if (this.#known.size < MAX_KNOWN) this.#known.set(text, chosen);
    return chosen;
  }

  #judge(weights: ReadonlyMap<string, number>): Encoding | null {
    let best: Encoding | null = null;
    let most = 0;
    for (const encoding of this.#order) {
      const weight = weights.get(encoding) ?? weights.get('*') ?? 0;
      if (weight <= most) continue;
      best = encoding;
      most = weight;
    }
    return most >= (weights.get('identity') ?? 0) ? best : null;
  }
}

/** Of what is named twice the first counts; a weight that is none is 0. */
function weightsOf(text: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const item of text.split(',')) {
    const [name = '', ...parameters] = item.split(';');
    const coding = name.trim().toLowerCase();
    const encoding = coding === 'x-gzip' ? 'gzip' : coding;
    if (encoding !== '' && !weights.has(encoding)) weights.set(encoding, weightOf(parameters));
  }
  return weights;
}

function weightOf(parameters: readonly string[]): number {
  const [parameter, ...others] = parameters;
  if (parameter === undefined) return 1;
  const found = others.length === 0 ? WEIGHT.exec(parameter) : null;
  return found === null ? 0 : Number(found[1]);
}
