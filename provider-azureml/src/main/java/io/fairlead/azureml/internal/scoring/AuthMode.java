package io.fairlead.azureml.internal.scoring;

/** The kind of credential that an endpoint takes. */
public enum AuthMode {
  /** A key of the endpoint, which does not expire. */
  KEY,
  /** A token of Azure ML. */
  AML_TOKEN,
  /** A token of Microsoft Entra ID. */
  ENTRA_TOKEN
}
