package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import io.fairlead.engine.RequestModel;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import org.jspecify.annotations.Nullable;

/** A wrapper of a {@link RequestModel} of a third-party engine. */
public final class GuardedRequestModel extends Guard<RequestModel> implements RequestModel {
  /** Creates a guard, which reads the model's inputs and outputs once. */
  public GuardedRequestModel(RequestModel model, Failures failures) {
    super(model, failures);
  }

  @Override
  public Response answer(Request request, Call call) {
    @Nullable Response answer = guarded(call, () -> model.answer(request, call));
    if (answer == null) {
      throw failures.ofModel(call, "its engine returned no response", null);
    }
    return answer;
  }
}
