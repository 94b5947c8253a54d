// What examples/run jshell starts with: imports, and helpers. /reset runs it again.
import io.fairlead.error.*
import io.fairlead.grammar.*
import io.fairlead.json.*
import io.fairlead.local.*
import io.fairlead.operation.*
import io.fairlead.platform.*
import io.fairlead.rollout.*
import io.fairlead.serverless.*
import io.fairlead.stateful.*
import java.time.*

Duration limit = Duration.ofMinutes(1)

/** Waits for an operation, prints each of its steps once, and returns its result. */
<T> T show(Operation<T> operation) {
  Set<String> printed = ConcurrentHashMap.newKeySet();
  operation.onProgress(event -> {
    if (event.step() > 0 && printed.add(event.toString())) {
      System.out.println("  " + event);
    }
  });
  T result = operation.await(limit);
  System.out.println(operation);
  return result;
}

/** Prints a plan: a line for each resource, and under it one for each field or reason. */
void explain(Plan plan) {
  for (Plan.Change change : plan.changes()) {
    System.out.println("  " + change.action().name().toLowerCase(Locale.ROOT) + " " + change.resource());
    change.details().forEach(detail -> System.out.println("      " + detail));
  }
  plan.warnings().forEach(warning -> System.out.println("  warning: " + warning));
}

/** Prints how often each name was counted, as bars. */
void chart(Map<String, Integer> counts) {
  int sum = counts.values().stream().mapToInt(n -> n).sum();
  counts.forEach((name, n) -> System.out.printf("  %-8s %5d  %s%n", name, n, "#".repeat(40 * n / Math.max(sum, 1))));
}

/** The cosine of the angle between two vectors: 1 for the same direction. */
double cosine(float[] a, float[] b) {
  double ab = 0, aa = 0, bb = 0;
  for (int i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / Math.sqrt(aa * bb);
}
