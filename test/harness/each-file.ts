import { afterAll, afterEach } from 'vitest';
import { endFile, endTest } from './endings.js';

// Vitest runs this anew for each test file.
afterEach(endTest);
afterAll(endFile);
