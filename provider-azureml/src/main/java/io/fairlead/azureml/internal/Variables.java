package io.fairlead.azureml.internal;

import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problems;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The environment variables of a container: which are Azure ML's own, and which look like secrets. */
final class Variables {
  /** Where the model and the code are in the container: Azure ML sets them, and tells them with all others. */
  private static final Set<String> AZURES =
      Set.of("AZUREML_MODEL_DIR", "AZUREML_ENTRY_SCRIPT", "AML_APP_ROOT");

  private static final Pattern SECRET = Pattern.compile(
      "(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|(API|ACCESS|PRIVATE)_?KEY|CREDENTIALS?)($|_)");

  /** A value that Azure ML replaces with a secret when the container starts. */
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{\\{.+}}");

  /** Stands for variables that others have set, with names that the grammar does not have. */
  static final Dependencies OTHERS = Dependencies.environment(Map.of("_", "set by others"));

  private Variables() {}

  /** {@return the variables of a deployment that were given, without Azure ML's own} */
  static Dependencies given(Map<String, String> told) {
    SortedMap<String, String> given = new TreeMap<>(told);
    given.keySet().removeAll(AZURES);
    try {
      return Dependencies.environment(given);
    } catch (InvalidValueException e) {
      return OTHERS;
    }
  }

  static void check(Map<String, String> variables, Problems problems) {
    for (String name : variables.keySet()) {
      problems.check(
          !AZURES.contains(name),
          "dependencies.environment",
          "must not have a variable that Azure ML sets: AzureMlContainer.withModelMountPath and AzureMlDependencies "
              + "have settings for the place of the model and the script",
          name);
    }
  }

  static void warnOfSecrets(Map<String, String> variables, List<String> warnings) {
    variables.forEach((name, value) -> {
      if (SECRET.matcher(name).find() && !REFERENCE.matcher(value).matches()) {
        warnings.add("the environment variable " + name
            + " is readable by everybody who may read the deployment: give it the value "
            + "${{keyvault:https://VAULT.vault.azure.net/secrets/NAME/VERSION}} or "
            + "${{azureml://connections/NAME/credentials/KEY}}, in whose place Azure ML puts the secret when the "
            + "container starts, if the endpoint's identity may read it");
      }
    });
  }
}
