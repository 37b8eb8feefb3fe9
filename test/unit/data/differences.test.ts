import { describe, expect, it } from 'vitest';
import { describeDifference } from '../../../src/data/differences.js';

const difference = { table: 't', key: { id: '17' }, missingOn: null, columns: [], note: null };

describe('describeDifference', () => {
  it('names key and columns, and tells null from empty', () => {
    const columns = [
      { name: 'd', src: '1.25', dst: '1.26' },
      { name: 'e', src: null, dst: '' },
    ];
    expect(describeDifference({ ...difference, columns })).toBe(
      'key (id)=(17): column "d": 1.25 on the source, 1.26 on the destination; column "e": NULL on the source,  on the destination',
    );
  });

  it('says where a row is not', () => {
    expect(describeDifference({ ...difference, missingOn: 'dst' })).toBe('key (id)=(17): not on the destination');
    expect(describeDifference({ ...difference, missingOn: 'src' })).toBe('key (id)=(17): not on the source');
  });

  it('shows that a value was cut', () => {
    const columns = [{ name: 'd', src: 'x'.repeat(200), dst: 'y' }];
    expect(describeDifference({ ...difference, columns })).toContain(`${'x'.repeat(200)}…`);
  });
});
