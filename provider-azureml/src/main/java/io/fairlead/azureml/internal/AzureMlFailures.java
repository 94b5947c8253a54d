package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;

/** Failures that are found here and not by Azure. */
final class AzureMlFailures {
  private AzureMlFailures() {}

  /** {@return the failure of a change of an object that was deleted since it was read} */
  static ServingException gone(String what) {
    return new ServingException(
        AzureMlProvider.ID, ErrorKind.NOT_FOUND, "The " + what + " no longer exists");
  }

  /** {@return the failure of a creation of an object that another process has created since it was looked for} */
  static ServingException created(String what) {
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.ALREADY_EXISTS,
        "The " + what + " was created by another process meanwhile");
  }

  /** {@return the failure of the creation of an asset that was deleted, which Azure ML refuses in each version} */
  static ServingException deletedForGood(String what) {
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.INVALID,
        "Azure ML does not create the " + what
            + " again, which was deleted: give the model another name in its metadata");
  }

  /** {@return the failure of the deletion of an endpoint that has a deployment which this library did not make} */
  static ServingException hasForeignDeployment(String endpoint, String path) {
    return ServingException.builder(
            AzureMlProvider.ID,
            ErrorKind.CONFLICT,
            "The endpoint " + endpoint + " has deployment " + path
                + ", which is not managed by Fairlead and would be deleted with it: delete it yourself first")
        .retryable(false)
        .build();
  }

  /** {@return the failure of a change that was computed from a state that is not there any more} */
  static ServingException overtaken(String what) {
    return new ServingException(
        AzureMlProvider.ID,
        ErrorKind.CONFLICT,
        "Another process has changed the " + what + " meanwhile");
  }
}
