import type { AdvisorySource, OnlineSourceId, SourceContext } from "./advisory-source.ts";
import { npmSource } from "./npm-source.ts";
import { osvSource } from "./osv-source.ts";
import { pypiSource } from "./pypi-source.ts";

/** The sources that are asked over a network, by the name that `--advisories` takes. */
export const onlineSources: Readonly<Record<OnlineSourceId, (context: SourceContext) => AdvisorySource>> = {
  osv: osvSource,
  npm: npmSource,
  pypi: pypiSource,
};
