/** Boundaries inside a project; boundaries between projects are Nx tags in eslint.config.js. */
const only = (module, owner) => ({
  name: `only-${owner}-imports-${module.replace(/\W+/g, '-')}`,
  comment: `${module} is wrapped by libs/${owner}; use that instead (architecture.md, Folders).`,
  severity: 'error',
  from: { path: '^(apps|libs|tools|e2e|bench)/', pathNot: `^libs/(${owner}|testing)/` },
  to: { path: `node_modules/${module}` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-is-plain',
      comment: 'The domain is plain TypeScript: it never reaches the application, adapters or a framework.',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/domain/' },
      to: {
        path: '^apps/[^/]+/src/(application|inbound|outbound|worker)/|node_modules/(@nestjs|@nats-io|@prisma|minio)',
      },
    },
    {
      name: 'application-knows-ports-only',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/application/' },
      to: { path: '^apps/[^/]+/src/(inbound|outbound)/' },
    },
    {
      name: 'no-app-imports-another',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'testing-in-specs-only',
      comment: 'libs/testing launches servers; only specs, end-to-end tests, benches and the launcher import it.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/testing/|\\.spec\\.ts$|/test/' },
      to: { path: '^libs/testing/' },
    },
    only('@nats-io', 'messaging'),
    only('minio', 'storage'),
    only('node-av', 'media'),
    only('koffi', 'media'),
    only('dcmjs/', 'dicom'),
    only('dcmjs-dimse', 'dimse'),
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '/dist/|/generated/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@smartbox/source', 'import', 'node', 'default'],
    },
  },
};
