"""The page of an error: what went wrong and what to do, in the words of `serving.errors`."""

from f1_pipeline.serving.pages.render import render


def problem_page(status: int, code: str, message: str, hint: str) -> str:
    return render(
        "problem.html",
        title=message,
        description=hint,
        status=status,
        code=code,
        message=message,
        hint=hint,
    )
