package io.fairlead.serverless.engine;

import io.fairlead.error.ServingException;

/** What an artifact's weights turned out to be. */
sealed interface ModelSource permits ModelFiles, HandlerSource {
  /** {@return a name for messages and answers} */
  String name();

  /** {@return a hash over all that the model is made of, as 64 hexadecimal digits} */
  String digest();

  /** {@return the failure to report if no engine opens it} */
  ServingException refusal(Failures failures);
}
