// Days and months of UTC, as numbers that grow by one. Rule: whoever counts by day or month counts by these, wherever the machine stands.

const DAY_MS = 86_400_000;

export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

export function monthOf(ms: number): number {
  const date = new Date(ms);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** When the day began that this is in. */
export function dayStartMs(ms: number): number {
  return dayOf(ms) * DAY_MS;
}

export function nextDayMs(ms: number): number {
  return (dayOf(ms) + 1) * DAY_MS;
}

export function monthStartMs(ms: number): number {
  return monthMs(monthOf(ms));
}

export function nextMonthMs(ms: number): number {
  return monthMs(monthOf(ms) + 1);
}

function monthMs(month: number): number {
  return Date.UTC(Math.floor(month / 12), month % 12);
}
