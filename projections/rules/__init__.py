"""What segment rules come to: their value at every moment, the reasons for it, and when it ends.

A rule is not asked again and again whether it holds. From what is known of a record it follows
*when* it holds: each clause is a step function of time, and so is what they are joined to. The
value at any moment, the intervals of membership, and the next moment at which a window ends are
read off it; what comes late only changes the function.
"""
