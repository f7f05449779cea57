import type { Configuration, StageSettings } from "../../model/index.ts";

/**
 * The configuration of a checkout that is not trusted: every program that it names is left out, and with it the stages
 * that are deployed to. Its digest stays, so that plans made either way fit.
 */
export function withoutCommands(configuration: Configuration): Configuration {
  const { gates, deployment, databases: _, ...rest } = configuration;
  const isProject = ({ target }: StageSettings): boolean => target.kind === "project";
  return {
    ...rest,
    commandsOff: true,
    tests: [],
    commands: [],
    ...(gates === undefined
      ? {}
      : {
          gates: {
            versions: gates.versions,
            security: gates.security,
            processes: [],
            // Addresses that a stranger wrote are not asked either.
            health: [],
            coverage: [],
            ...(gates.license === undefined ? {} : { license: gates.license }),
          },
        }),
    ...(deployment === undefined
      ? {}
      : { deployment: { ...deployment, stages: deployment.stages.filter(isProject) } }),
  };
}
