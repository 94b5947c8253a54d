package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import io.fairlead.engine.RequestModel;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import org.jspecify.annotations.Nullable;

/** A model that answers requests itself, of an engine that is not of this module. */
public final class GuardedRequestModel extends Guard<RequestModel> implements RequestModel {
  /** Makes a guard, which asks the model once what it takes and gives. */
  public GuardedRequestModel(RequestModel model, Failures failures) {
    super(model, failures);
  }

  @Override
  public Response answer(Request request, Call call) {
    @Nullable Response answer = guarded(call, () -> model.answer(request, call));
    if (answer == null) {
      throw failures.ofModel(call, "its engine gave no answer", null);
    }
    return answer;
  }
}
