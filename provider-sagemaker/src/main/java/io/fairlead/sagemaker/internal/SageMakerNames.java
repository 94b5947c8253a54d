package io.fairlead.sagemaker.internal;

import io.fairlead.provider.ContentName;

/** The names of AWS resources: at most 63 letters, digits and hyphens. */
final class SageMakerNames {
  static final ContentName CONTENT = new ContentName(63, false);

  private SageMakerNames() {}
}
