/** The first picture: the one that the page's address names (`?picture=`), or a sample. */
import { elements } from '../elements.ts';
import { fail } from '../notices/error-card.ts';
import { otherSite, unreachable } from '../notices/problem.ts';
import { turns } from '../screen/screen.ts';
import { arrivals } from './accept.ts';
import { fetchSample, openPicker } from './sources.ts';

export async function showFirst(): Promise<void> {
  const asked = new URL(location.href).searchParams.get('picture');
  const first = asked ?? elements.samples[0]?.dataset['sample'];
  // A picture that a person or another app brings in the meantime has priority.
  if (!first || turns > 0) return;
  const address = URL.canParse(first, location.href) ? new URL(first, location.href) : null;
  if (address?.origin === location.origin) await fetchSample(address.href, address.pathname.split('/').pop() || 'picture', arrivals);
  else fail(address ? otherSite(address.host) : unreachable(first), openPicker);
}
