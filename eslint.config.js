import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Packages that only one folder knows, so that each can be replaced or faked in one place. */
const PACKAGES = [
  { name: 'execa', home: 'src/process/' },
  { name: 'child_process', home: 'src/process/' },
  { name: 'node:child_process', home: 'src/process/' },
  { name: 'pg', home: 'src/postgres/' },
  { name: 'pg-copy-streams', home: 'src/data/' },
  { name: 'chalk', home: 'src/render/' },
  { name: 'cli-table3', home: 'src/render/' },
  { name: 'process', home: 'src/cli.ts' },
  { name: 'node:process', home: 'src/cli.ts' },
];

/**
 * What each folder of src may use of the others, besides errors.ts, environment.ts and whatever else lies at the top of
 * src as a leaf. The way of the data is config -> pair -> command -> steps -> result -> renderer, and no arrow points back.
 */
const LAYERS = {
  postgres: [],
  config: ['postgres'],
  process: ['postgres', 'config'],
  results: [],
  pair: ['postgres', 'config', 'process', 'results'],
  pglogical: ['postgres', 'config', 'process', 'pair', 'results'],
  schema: ['postgres', 'config', 'process', 'pair', 'results', 'pglogical', 'data', 'logins'],
  data: ['postgres', 'config', 'process', 'pair', 'results', 'pglogical', 'schema', 'logins'],
  logins: ['postgres', 'config', 'process', 'pair', 'results', 'pglogical'],
  precheck: ['postgres', 'config', 'process', 'pair', 'results', 'pglogical', 'schema'],
  copy: ['postgres', 'config', 'process', 'pair', 'results', 'pglogical', 'schema', 'data', 'logins'],
  sandbox: ['postgres', 'config', 'process'],
  render: ['results'],
  commands: [
    'postgres',
    'config',
    'process',
    'results',
    'pair',
    'pglogical',
    'schema',
    'data',
    'logins',
    'precheck',
    'copy',
    'sandbox',
  ],
};

/** The top of the program: nothing in the folders knows these. */
const TOP = ['**/cli.js', '**/main.js', '**/program.js', '**/registry.js', '**/runner.js'];

/** The rule for one folder: foreign packages, and layers above it. Types may be imported from anywhere but packages. */
function seams(folder, layers) {
  const allowed = LAYERS[layers];
  const forbidden = Object.keys(LAYERS).filter((layer) => layer !== layers && allowed?.includes(layer) === false);
  return {
    files: [`${folder}**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: PACKAGES.filter(({ home }) => home !== folder).map(({ name, home }) => ({
            name,
            message: `Only ${home} uses it.`,
          })),
          patterns: [
            ...forbidden.map((layer) => ({
              group: [`**/${layer}/**`],
              message: `src/${layers} is below src/${layer}, or beside it: see LAYERS in eslint.config.js.`,
              allowTypeImports: true,
            })),
            ...(allowed === undefined ? [] : [{ group: TOP, message: 'The top of the program is above all folders.' }]),
          ],
        },
      ],
    },
  };
}

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'logs/', 'schemas/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // 15 in a text is 15; everything else that is not a string must be said.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // A caller may name the type of what comes back from a database or a JSON text.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // It asks for the ! that no-non-null-assertion forbids.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // tsc asks for brackets there (noPropertyAccessFromIndexSignature).
      '@typescript-eslint/dot-notation': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/cli.ts'],
    rules: {
      'no-restricted-globals': ['error', { name: 'process', message: 'Only cli.ts touches it; take the Environment.' }],
    },
  },
  { files: ['src/**/*.ts'], rules: { 'no-console': 'error' } },
  // Files at the top of src first; the folders' own entries replace this one.
  seams('src/', undefined),
  ...Object.keys(LAYERS).map((layer) => seams(`src/${layer}/`, layer)),
  {
    files: ['src/cli.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  {
    // It judges what belt does, so it may share nothing with it.
    files: ['test/corpus/checker/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: ['**/src/**', '**/harness/**'] }],
    },
  },
  {
    // What `belt --help` reads: everything else is loaded when a command runs.
    files: ['src/commands/*/specs.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\.\\./define\\.js$)',
              message: 'Import it in load() or table(): see define.ts.',
              allowTypeImports: true,
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly' } },
  },
);
