package io.fairlead.azureml;

import io.fairlead.grammar.DependencyOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.spi.Settings;
import java.util.regex.Pattern;

/**
 * Azure ML's options of a container's dependencies, for {@link io.fairlead.grammar.Dependencies#with}: the script that
 * loads the model and answers.
 */
public final class AzureMlDependencies extends Settings<AzureMlDependencies.Draft>
    implements DependencyOptions {
  private static final Pattern SCRIPT = Pattern.compile("(?!.*\\.\\.)[\\w.-][\\w./-]*\\.py");

  static final class Draft extends Settings.Draft {
    String entryScript = "";
  }

  private AzureMlDependencies(Draft draft) {
    super(draft);
    Problems.in("AzureMlDependencies")
        .check(
            SCRIPT.matcher(draft.entryScript).matches(),
            "entryScript",
            "must be the path of a Python script in the code, such as score.py",
            draft.entryScript)
        .throwIfAny();
  }

  /** {@return the option of code with a script, such as {@code score.py}} */
  public static AzureMlDependencies entryScript(String path) {
    Draft draft = new Draft();
    draft.entryScript = path;
    return new AzureMlDependencies(draft);
  }

  /** {@return the script with {@code init()} and {@code run()}, by its path in the model's code} */
  public String entryScript() {
    return draft().entryScript;
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
